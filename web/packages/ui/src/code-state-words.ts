import { dictionary } from "@wuma/locale";

export const words = dictionary(
  {
    "state.allocated": "未印刷",
    "state.encoded": "已印刷",
    "state.commissioned": "已激活",
    "state.sampled": "已留样",
    "state.scrapped": "标签报废",
    "state.destroyed": "已销毁",
    "state.void": "已作废",
  },
  {
    "state.allocated": "Not printed",
    "state.encoded": "Printed",
    "state.commissioned": "Activated",
    "state.sampled": "Sampled",
    "state.scrapped": "Label scrapped",
    "state.destroyed": "Destroyed",
    "state.void": "Void",
  },
);
