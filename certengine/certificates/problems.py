"""The package's sentences."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "certificate.not_found": "没有找到该证书",
        "certificate.local_address": "系统地址是本机地址，二维码将无法使用：请先设置 CERTENGINE_BASE_URL",
        "certificate.no_glyph": "没有字体含有字符“%(character)s”（%(point)s），不能制证",
        "certificate.not_valid": "该证书已不是有效状态",
        "certificate.asked_already": "该证书已有待确认的申请",
        "certificate.not_asked": "该证书没有待确认的申请",
        "certificate.second_person": "须由提出申请以外的另一人确认",
        "certificate.reason_missing": "请填写原因",
        "certificate.unreadable": "不是可以读取的证书文件（PDF）",
        "certificate.list_unreadable": "不是可以读取的 Excel 文件（.xlsx）",
        "certificate.no_batch": "没有找到该批量签发",
        "certificate.zip_unreadable": "不是可以读取的压缩包（.zip）",
        "certificate.zip_many": "一个压缩包最多%(most)s个文件",
        "certificate.list_columns": "第一行应有“查验码”或“证书编号”，以及“姓名”",
        "certificate.list_long": "一次最多查验%(most)s行",
        "verify.no_signature": "文件中没有电子签名",
        "verify.appended": "签名后又在文件末尾追加了内容（增量更新）",
        "verify.resized": "追加的内容改变了页面的大小、方向或页数",
        "verify.page_altered": "追加的内容改变了页面上显示的内容",
        "verify.another_code": "页面上的二维码不是这张证书的，是另一张证书的或被替换过",
        "verify.no_status_address": "证书没有写明在哪里查询状态，不能确认是否已被撤销",
        "verify.several_signatures": "文件中的签名不止一个",
        "verify.several_revisions": "签名前文件已被改写过",
        "verify.not_whole": "签名没有覆盖整个文件：有内容被添加或删除",
        "verify.changed": "文件内容与签名不符：签名后被改动过",
        "verify.bad_signature": "电子签名不成立",
        "verify.untrusted": "签名者不是受信任的机构",
        "verify.expired": "签名时，签名证书不在有效期内",
        "verify.code_unknown_key": "二维码的签名公钥不在已公布的公钥之中",
        "verify.code_changed": "二维码的内容与签名不符：被改动过",
        "verify.no_facts": "文件中没有证书数据",
        "verify.allows_changes": "签名没有禁止改动",
    }
)
