"""The package's sentences."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "ledger.no_entry": "账本中没有这条记录",
        "ledger.no_checkpoint": "账本还没有签署过检查点",
        "ledger.not_a_tile": "没有这个数据块",
        "ledger.receipt_form": "这不是本系统的回执：请粘贴回执文件（JSON）的全部内容，或记录的64位哈希值",
        "ledger.receipt_leaf": "回执中的记录内容与其哈希值不符：内容被改动过",
        "ledger.receipt_unknown": "账本中没有这条记录",
        "ledger.receipt_proof": "回执中的证明与其检查点不符",
        "ledger.receipt_signature": "回执中的检查点不是由本账本签署的",
        "ledger.receipt_pending": "记录已收到，等待写入账本，请稍后再查",
    }
)
