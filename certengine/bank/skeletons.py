"""What a new case, family or practical task starts from: a whole small example, to be written over."""

CASE = """\
id: {code}
type: case
outline: "{leaf}"
cognition: applies
difficulty: 0
stem: |
  在这里写案例材料，可用 Markdown、表格和图片。
parts:
  - type: single
    points: 2
    stem: 第一问的题干
    options:
      a: 选项一
      b: 选项二
      c: 选项三
      d: 选项四
    key: b
    rationale: 说明正确选项为何正确、其他选项为何错误。
  - type: fill_in
    points: 1
    stem: 结果为 {{{{1}}}}。
    blanks:
      "1": {{value: "150", tolerance: "0"}}
    rationale: 写出计算过程。
reference: ""
"""

FAMILY = """\
id: {code}
type: fill_in
outline: "{leaf}"
cognition: applies
difficulty: 0
parameters:
  tp: {{range: [40, 90, 5]}}
  fp: {{values: [5, 10, 20]}}
compute:
  precision: "tp / (tp + fp)"
reject:
  - "precision > 0.95"
stem: 某分类器在测试集上 TP = {{tp}}、FP = {{fp}}，精确率为 {{{{1}}}}（保留三位小数）。
answer: {{expression: precision, decimals: 3, tolerance: "0.001"}}
rationale: 精确率 = TP/(TP+FP) = {{tp}}/({{tp}}+{{fp}}) = {{precision:.3f}}。
variants: 20
"""

PRACTICAL = """\
id: {code}
outline: "{leaf}"
title: 任务名称
minutes: 120
scenario: |
  在这里写任务背景和要求，逐条编号。
materials:
  - {{name: data.csv, description: 数据说明}}
environment: [Python 3.11]
deliverables:
  - {{name: 报告, format: DOCX 或 PDF, description: 不超过两页}}
rubric:
  - id: r1
    criterion: 第一评分项
    points: 60
    levels:
      - {{points: 60, description: 全部达到}}
      - {{points: 30, description: 部分达到}}
      - {{points: 0, description: 没有完成}}
  - id: r2
    criterion: 第二评分项
    points: 40
    levels:
      - {{points: 40, description: 全部达到}}
      - {{points: 0, description: 没有完成}}
reference_solution: |
  合格的提交物应得到的结果，写出可以核对的数字。
"""

# Kind in the address → (key of the bank file, letter before the number, text).
SKELETONS = {
    "case": ("items", "", CASE),
    "family": ("families", "f", FAMILY),
    "practical": ("practical", "p", PRACTICAL),
}
