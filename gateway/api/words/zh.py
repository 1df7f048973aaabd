"""Chinese."""

from gateway.api.words.shape import Words

ZH = Words(
    lang="zh-CN",
    state={
        "NEW": "新告警",
        "OFFERED": "已调派，待应答",
        "UNCOVERED": "无人应答，已呼叫全体值班",
        "ACCEPTED": "已受理",
        "EN_ROUTE": "赶赴中",
        "ON_SCENE": "已到场",
        "CLOSED": "已结束",
        "MERGED": "已合并",
    },
    kind={
        "button": "紧急求助",
        "duress": "胁迫告警",
        "man_down": "倒地告警",
        "missed_checkin": "未按时报平安",
        "low_battery": "电量告急",
        "test": "测试告警",
        "exercise": "演练告警",
    },
    worth={"good": "可信", "coarse": "粗略", "stale": "陈旧", "none": "没有定位"},
    columns=(
        "事件编号", "状态", "类型", "胁迫", "人员", "执法记录仪", "所属法院", "案号", "告警时间（北京时间）",
        "设备按压时间（北京时间）", "按压次数", "纬度（WGS-84）", "经度（WGS-84）", "定位可信度", "最近法院",
        "距离（米）", "确认人", "确认时间（北京时间）", "现由谁处置", "受理法院", "受理时间（北京时间）", "结束人",
        "结束时间（北京时间）", "结束原因", "并入事件", "附件数",
    ),
)  # fmt: skip
