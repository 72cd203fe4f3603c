"""The package's sentences."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "yaml.syntax": "不是有效的 YAML：%(detail)s",
        "yaml.encoding": "文件不是 UTF-8 编码（第 %(byte)s 个字节处）",
        "yaml.unreadable": "文件无法读取：%(detail)s",
        "yaml.missing": "缺少 %(key)s",
        "yaml.kind": "%(key)s 的类型不对",
        "yaml.number": "%(key)s 应为数字",
        "yaml.choice": "%(key)s 的取值 %(value)s 不在允许范围内",
        "yaml.unknown": "不认识的键 %(key)s",
        "standard.not_a_mapping": "文件内容应为键值结构",
        "standard.field_unknown": "没有领域 %(field)s",
        "standard.node_twice": "大纲编号 %(node)s 重复",
        "standard.node_unknown": "权重表中的 %(node)s 不在大纲里",
        "standard.node_without_level": "权重表中的 %(node)s 没有属于 %(level)s 等级的考核点",
        "standard.node_inside": "权重表中的 %(inner)s 已包含在 %(outer)s 之内",
        "standard.weight_not_positive": "%(node)s 的权重应大于0；不考核的内容应留空，不写0",
        "standard.weights_total": "权重之和为 %(total)s，应为100",
        "standard.direction_unknown": "没有职业方向 %(direction)s",
        "standard.points_total": "试卷各部分分值之和为 %(total)s，应为100",
        "standard.level_missing": "%(part)s 中缺少等级 %(level)s",
    }
)
