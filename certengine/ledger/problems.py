"""The package's sentences."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "ledger.export_unreadable": "不是账本导出文件",
        "ledger.export_head": "首行被改动：不是账本导出的首行",
        "ledger.export_signature": "首行被改动：检查点的签名不成立",
        "ledger.export_other_key": "导出文件的公钥不是您所信任的公钥",
        "ledger.export_line": "此行被改动：不是规范的记录",
        "ledger.export_order": "记录的序号不对：有记录被删除、插入或调换",
        "ledger.export_entry": "记录的内容与其哈希值不符",
        "ledger.export_disclosed": "公开的内容与记录中的承诺不符",
        "ledger.export_tile": "这一段记录与其汇总哈希值不符",
        "ledger.export_size": "记录条数与检查点不符：有记录被删除或添加",
        "ledger.export_root": "全部记录的根哈希与检查点不符",
        "ledger.export_at": "第%(entry)s号记录",
        "ledger.export_key_untrusted": "公钥取自文件本身；请与手册上印的公钥核对，或用 --key 指定",
        "ledger.witness_shorter": "账本变短了：现有%(now)s条，上次见过%(before)s条",
        "ledger.witness_other_root": "账本在第%(now)s条处有两种历史",
        "ledger.witness_rewritten": "账本改写了历史：前%(before)s条与上次见过的不同",
        "ledger.cosignature": "不是所信任的见证人对本账本检查点的签名",
        "ledger.no_entry": "账本中没有这条记录",
        "ledger.no_checkpoint": "账本还没有签署过检查点",
        "ledger.not_a_tile": "没有这个数据块",
        "ledger.receipt_form": "这不是本系统的回执：请粘贴回执文件（JSON）的全部内容，或记录的64位哈希值",
        "ledger.receipt_leaf": "回执中的记录内容与其哈希值不符：内容被改动过",
        "ledger.receipt_unknown": "账本中没有这条记录",
        "ledger.receipt_proof": "回执中的证明与其检查点不符",
        "ledger.receipt_signature": "回执中的检查点不是由本账本签署的",
        "ledger.receipt_holds": "回执成立：这条记录在公开账本中，内容没有改动",
        "ledger.receipt_pending": "记录已收到，等待写入账本，请稍后再查",
    }
)
