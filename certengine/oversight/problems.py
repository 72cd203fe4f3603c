"""The package's sentences."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "replay.seed": "%(sitting)s：公开的种子与考前承诺一致",
        "replay.seed.differs": "%(sitting)s：公开的种子与考前承诺不一致",
        "replay.papers": "%(sitting)s：%(count)s份试卷复算后与考前承诺一致",
        "replay.papers.differs": "%(sitting)s：%(count)s份试卷复算后与考前承诺不一致",
        "replay.marks": "%(sitting)s：%(count)s份答卷复评后与机器评分一致",
        "replay.marks.differs": "%(sitting)s：答卷复评后与机器评分不一致（%(registration)s）",
        "replay.marks_hash.differs": "%(sitting)s：评分与其公开的哈希值不一致",
        "replay.written": "%(sitting)s：%(count)s份人工评分与各评卷人的评分记录一致",
        "replay.written.differs": "%(sitting)s：计入总分的人工评分与各评卷人的评分记录不一致",
        "replay.written_closed": "%(sitting)s：导出文件没有公开评卷人的评分，不能核对人工评分",
        "replay.marks_rulings.differs": "%(sitting)s：评分所用的试题处理与账本中的决定不一致",
        "replay.ruling": "%(sitting)s：试题 %(item)s 的处理由两人提出和签署，并据以重新评分",
        "replay.ruling.differs": "%(sitting)s：试题 %(item)s 的处理与提出的不一致、没有由另一人签署，或没有据以重新评分",
        "replay.not_disclosed": "%(sitting)s：种子尚未公开，不能复算",
        "replay.no_release": "没有给出题库版本 %(release)s，不能复算试卷",
        "replay.marks_closed": "%(sitting)s：导出文件没有公开答卷，不能复评",
    }
)
