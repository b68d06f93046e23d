import { dictionary } from "@wuma/locale";

export const words = dictionary(
  {
    title: "操作记录",
    purpose: "谁在什么时候改了什么。记录与改动写在同一个事务里，不能修改。",
    at: "时间",
    actor: "操作人",
    action: "操作",
    target: "对象",
    address: "网络地址",
    request: "请求编号",
    only: "只看此人",
    of: "操作人 {actor}",
    empty: "还没有操作",
  },
  {
    title: "Audit trail",
    purpose:
      "Who changed what, and when. Each entry was written with the change itself and cannot be altered.",
    at: "Time",
    actor: "Who",
    action: "What",
    target: "On what",
    address: "From",
    request: "Request",
    only: "This person only",
    of: "Who: {actor}",
    empty: "Nothing was changed yet",
  },
);
