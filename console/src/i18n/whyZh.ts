/** The gateway gives its reasons as English sentences (`gateway/dispatch/ranking.py`); here they are in Chinese. */
const SENTENCES: readonly (readonly [RegExp, string])[] = [
  [/^nearest to the position by line$/, "距定位直线最近"],
  [/^nearest to the officer's own court by line$/, "距人员所属法院直线最近"],
  [/^number (\d+) from the position by line$/, "距定位直线第 $1 近"],
  [/^number (\d+) from the officer's own court by line$/, "距人员所属法院直线第 $1 近"],
  [/^the officer's own court$/, "人员所属法院"],
  [/^off duty, so asked after those on duty$/, "不在岗，排在值班法院之后"],
  [/^high court, not asked by itself$/, "高级法院，不自动调派"],
  [/^intermediate court, not asked by itself$/, "中级法院，不自动调派"],
  [/^basic court, not asked by itself$/, "基层法院，不自动调派"],
  [/^travel time estimated$/, "路程时间为估算"],
  [/^position of the court is a placeholder$/, "法院位置为示意"],
  [/^above (.+)$/, "$1的上级法院"],
  [/^asked from outside the ranking$/, "次序之外，由人指定"],
  [/^the ranking failed$/, "排序失败"],
  [/^no position$/, "没有定位"],
  [/^position not usable: outside the earth$/, "定位不可用：坐标超出范围"],
  [/^position not usable: (?:0\/0|null_island)$/, "定位不可用：坐标为 0/0"],
  [/^position not usable: .*$/, "定位不可用"],
  [/^position of unknown age: .*$/, "定位时间存疑：缺少时间或时间在未来"],
  [/^position (-?\d+) s old, within (\d+) m$/, "$1 秒前的定位，精度 $2 米"],
  [/^position (-?\d+) s old, within (\d+) m: by now perhaps (\d+) m away$/, "$1 秒前的定位，精度 $2 米，人员可能已移动至 $3 米外"],
  [/^position (-?\d+) s old, within (\d+) m: estimated, not measured$/, "$1 秒前的定位，精度 $2 米，为推算而非实测"],
];

/** Sentence by sentence; one that is not known is shown as it came. */
export function whyZh(english: string): string {
  return english.split("; ").map((part) => {
    const known = SENTENCES.find(([pattern]) => pattern.test(part));
    return known ? part.replace(known[0], known[1]) : part;
  }).join("；");
}
