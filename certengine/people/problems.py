"""The package's sentences."""

from certengine.foundation.errors import register_messages

register_messages(
    {
        "person.id_length": "居民身份证号码应为18位",
        "person.id_characters": "居民身份证号码只能是半角数字，最后一位可以是X",
        "person.id_birth_date": "居民身份证号码中的出生日期不存在或不合理",
        "person.id_check": "居民身份证号码的校验位不符",
        "person.document_form": "证件号码的格式与证件类型不符",
        "person.name_missing": "姓名为空",
        "person.name_long": "姓名超过60个字符",
        "person.name_characters": "姓名中有数字或不可见字符",
        "person.name_differs": "该证件号码已登记为其他姓名（%(masked)s）",
        "person.not_found": "没有找到该人员",
        "account.wrong": "账号或密码不正确",
        "account.login_taken": "登录名 %(login)s 已被使用",
        "account.password_short": "密码至少需要10个字符",
        "account.login_form": "登录名应为2至80个字母、数字或 . @ - _",
        "account.no_role": "请至少选择一个角色",
        "account.own": "不能停用自己的账号或取消自己的管理员角色",
        "account.old_wrong": "原密码不正确",
        "account.not_found": "没有找到该账号",
        "account.wait": "尝试次数过多，请在%(seconds)s秒后再试",
        "account.no_session": "没有找到该登录会话",
        "account.code_wrong": "验证码不正确，或者已经用过",
        "account.factor_there": "该账号已启用双重验证",
        "account.factor_required": "该账号的角色必须使用双重验证，不能停用",
        "account.own_factor": "自己的双重验证在“我的账号”页面更换",
        "account.no_factor": "该账号没有启用双重验证",
        "account.passkey_wrong": "通行密钥未能通过验证，请重试",
        "account.passkey_known": "该通行密钥已经登记",
        "account.passkeys_full": "每个账号最多登记%(most)s个通行密钥",
        "account.no_passkey": "没有找到该通行密钥",
        "account.sign_in_expired": "登录已超时，请重新输入密码",
        "organisation.name_missing": "请填写机构名称",
        "organisation.name_taken": "已有名为“%(name)s”的机构",
        "organisation.code_form": "机构代码应为2至8个大写字母或数字",
        "organisation.code_taken": "机构代码 %(code)s 已被使用",
        "organisation.not_found": "没有找到该机构",
    }
)
