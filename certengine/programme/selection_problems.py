"""The sentences of selections, experts and notices."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "application.not_found": "没有找到该申报",
        "application.needed": "请填写此项",
        "application.recommender": "请选择本市主管部门、省级部门或行业主管部门",
        "application.course_not_published": "只有已发布的课程可以参加遴选",
        "application.exists": "已有同类申报正在办理",
        "application.stage": "该申报当前的状态不能进行此操作",
        "application.file_kind": "只接受 PDF、JPEG、PNG 或 Office 文件",
        "application.not_recommender": "只有申报时选定的推荐单位可以推荐",
        "application.not_decider": "只有省级部门可以评审和决定，且不能决定本单位的申报",
        "panel.not_found": "没有找到该评审任务",
        "panel.interested": "与申报或推荐单位同一单位的专家应当回避",
        "panel.given": "评分已经提交，不能再改",
        "panel.score_missing": "请给出分数",
        "panel.score_range": "分数应在0到%(most)s之间",
        "panel.opinion_missing": "请填写评审意见",
        "panel.incomplete": "至少需要%(least)s位专家，且全部提交评分后才能公示",
        "panel.too_low": "专家平均分%(average)s低于%(least)s，不能公示",
        "notice.not_found": "没有找到该公示或通知",
        "notice.needed": "请填写此项",
        "notice.over": "该公示已不接受异议",
        "notice.not_published": "尚未公示",
        "notice.still_open": "公示期未满",
        "notice.objection_not_found": "没有找到该异议",
        "notice.objection_decided": "该异议已有处理结果",
        "notice.objection_open": "还有异议没有处理",
        "notice.objection_upheld": "有异议成立，不能授予",
        "document.not_found": "没有找到该编码对应的文件",
        "document.withdrawn": "该文件已被收回",
    }
)
