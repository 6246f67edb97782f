"""Small READMEs in the shapes that real lists have, so that no test needs the real ones."""

from __future__ import annotations

ENGLISH = """\
# A list of papers 🗜️

| Legend | Meaning |
| --- | --- |
| `Pruning` | takes tokens out |

## 📝 Explicit Compression (Prompt Level)

**Definition**: Methods that work on the **input text**.

**Keywords**: `Token Pruning`, `Summarization`

| Paper Title | Venue/Date | Tags | Code | TL;DR |
| :--- | :--- | :--- | :--- | :--- |
| [TokenSkip: Controllable Compression](https://arxiv.org/abs/2502.12067) | EMNLP 2025 Main | `Token Pruning`, `Distillation` | [GitHub](https://github.com/hemingkx/TokenSkip) | Skips less important tokens. |
| [Nugget: Neural Compression](https://arxiv.org/abs/2310.04749) | ICLR 2024 | `Pruning` | - | Keeps "nugget" tokens |
| [LLMLingua](https://arxiv.org/abs/2310.05736) | EMNLP 2023 | `Pruning` | [GitHub](https://github.com/microsoft/LLMLingua) | Up to 20x |

---

## ⚡ KV Compression

**Definition**: Methods for the cache.

| Paper Title | Venue/Date | Tags | Code | TL;DR |
| :--- | :--- | :--- | :--- | :--- |
| [Quest](https://arxiv.org/abs/2406.10774) | ICML 2024 | `Sparse`, `Query-Aware` | [Github](https://github.com/mit-han-lab/Quest) | Pages |
| [CaM](https://openreview.net/forum?id=LCTmppB165) | - | `Merging` | - | Merges |

## Surveys

| Paper Title | Venue/Date | Focus |
| :--- | :--- | :--- |
| [A Survey](https://arxiv.org/abs/2410.12388) | NAACL 2025 | All of it |

## Contributing

Follow the format.
"""

CHINESE = """\
# 论文列表

## 📝 显式压缩（提示层面）

**定义**：对**输入文本**进行操作的方法。

**关键词**：`提示压缩`、`摘要`

| 论文标题 | 发表/日期 | 标签 | 代码 | 简述 |
| :--- | :--- | :--- | :--- | :--- |
| [TokenSkip: Controllable Compression](https://arxiv.org/abs/2502.12067) | EMNLP 2025 Main | `剪枝`, `蒸馏` | [GitHub](https://github.com/hemingkx/TokenSkip) | 跳过不重要的Token |
| [LLMLingua](https://arxiv.org/abs/2310.05736) | EMNLP 2023 | `剪枝` | [GitHub](https://github.com/microsoft/LLMLingua) | 高达20倍 |

## ⚡ KV 压缩

| 论文标题 | 发表/日期 | 标签 | 代码 | 简述 |
| :--- | :--- | :--- | :--- | :--- |
| [Quest](https://arxiv.org/abs/2406.10774) | ICML 2024 | `稀疏`, `查询感知` | [GitHub](https://github.com/mit-han-lab/Quest) | 页 |

## 综述

| 论文标题 | 发表/日期 | 关注点 |
| :--- | :--- | :--- |
| [A Survey](https://arxiv.org/abs/2410.12388) | NAACL 2025 | 全部 |
"""

# Plain titles with a nickname, a column of links, stars behind the code, cells without padding.
BADGES = """\
### KV Cache ([back](#top))

|Date|Title|Paper|Code|Recom|Comment|
|:---:|:---:|:---:|:---:|:---:|:---:|
|2023.06| 🔥🔥[**H2O**] H2O: Heavy-Hitter Oracle(@UT)|[[pdf]](https://arxiv.org/abs/2306.14048) | [[H2O]](https://github.com/FMInference/H2O) ![](https://img.shields.io/github/stars/FMInference/H2O.svg?style=social)| ⭐️⭐️ |Attention-based selection|
|2023.09| 🔥[**Sink**] Efficient Streaming(@MIT)|[[pdf]](https://arxiv.org/abs/2309.17453) | [[streaming-llm]](https://github.com/mit-han-lab/streaming-llm) ![](https://img.shields.io/github/stars/mit-han-lab/streaming-llm.svg?style=social)| ⭐️⭐️⭐️ |Retain the first few tokens|
|2024.04| [**SnapKV**] SnapKV: LLM Knows|[[pdf]](https://arxiv.org/abs/2404.14469) | | ⭐️ |Observation window at the end|
"""

# Everything of a paper in one cell, and a comment behind the row.
COMPOSITE = """\
## Pruning

| Title & Authors | Introduction | Links |
|:--|  :----: | :---:|
|[![Star](https://img.shields.io/github/stars/a/wanda.svg)](https://github.com/a/wanda) [![Publish](https://img.shields.io/badge/ICLR-blue)]() <br> :star: [A Simple Approach](https://arxiv.org/abs/2306.11695) <br> Mingjie Sun, Zhuang Liu |<img width="1002" src="figures/w.png"> |[Github](https://github.com/a/wanda) <br> [Paper](https://arxiv.org/abs/2306.11695)|[//]: #12/30
[//]: #Recommend
|[Sheared LLaMA](https://arxiv.org/abs/2310.06694) <br> Mengzhou Xia |<img width="302" src="figures/s.png"> |[Paper](https://arxiv.org/abs/2310.06694)|
"""

# Bold titles, links in one column, and rows that no pipe closes.
LINKS = """\
## Recurrence

| Title                     | Venue     | Date     | Links                                                       |
| ------------------------- |---------- | -------- | ----------------------------------------------------------- |
| **Universal transformers** | ICLR 2019 | Jul 2018 | [Paper](https://arxiv.org/abs/1807.03819) - [Code](https://github.com/x/ut) |
| **CoTFormer** | ICLR 2025 | Oct 2023 | [Paper](https://arxiv.org/abs/2310.10845) |
| **No link at all** | ICLR 2025 | Oct 2023 | - |
"""

UNCLOSED = """\
|Date|Affiliation|Title|Paper|Code|status|
|:---|:---|:---|:---|:---|---|
|2026.1| 上海交通大学 |SmallKV|[[pdf]](https://arxiv.org/pdf/2508.02751) | - | Spotlight
|2025.10| 香港科技大学 |ChunkKV|[[pdf]](https://arxiv.org/pdf/2502.00299) | [code](https://github.com/NVIDIA/kvpress) | Poster"""

ALL = {
    "english": ENGLISH,
    "chinese": CHINESE,
    "badges": BADGES,
    "composite": COMPOSITE,
    "links": LINKS,
    "unclosed": UNCLOSED,
}
