"""What each screen of this room is for, and what to do there."""

from flask_babel import lazy_gettext as _

from certengine.web.help import ScreenHelp

AREA = _("公开账本")
HELP = (
    ScreenHelp(
        ("ledger.ledger",),
        _("公开账本"),
        _("组卷、交卷、评分、发证等每一步的不可改动的公开记录。"),
        (
            _("考生把回执文件的内容或记录的哈希值粘贴进来，就能核对答卷没有被改动。"),
            _("第一次来时抄下验证公钥，与机构手册上印的核对；以后账本若另有一套，就能发现。"),
            _("整个账本可按公开格式（C2SP tlog-tiles）下载，用certengine ledger verify在自己的机器上核对。"),
            _("账本不含姓名、证件号等个人信息，只有加盐的承诺。"),
        ),
    ),
    ScreenHelp(
        ("ledger.entry",),
        _("账本记录"),
        _("一条记录的内容，以及它确在账本中的证明。"),
        (
            _("把记录的哈希值与下面各行依次合并，应得到检查点的根。"),
            _("非公开内容只留承诺；有权查看的人另外得到内容和盐，可以核对。"),
            _("记录不能修改或删除，更正总是另加一条。"),
        ),
    ),
    ScreenHelp(
        ("ledger.receipt",),
        _("核对回执"),
        _("证明一份回执对应的答卷或操作已经写入账本。"),
        (
            _("粘贴回执文件的全文，或者记录的哈希值。"),
            _("刚交卷的记录几秒后编入账本，显示等待时稍后再查。"),
            _("账本中没有的，请先核对是否抄错，再联系考试机构。"),
        ),
    ),
)
