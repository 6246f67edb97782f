"""Small READMEs whose rows are items, in the shapes that real lists have; all papers are invented."""

NUMBERED = """\
## 🔍 Eviction

1. [**Attend Less: Keeping the Few.**](https://arxiv.org/abs/2401.00001) *Ann One, Bob Two.* ICLR 2024. [![GitHub Repo stars](https://img.shields.io/github/stars/one/attend)](https://github.com/one/attend)

2. [**Forget More.**](https://arxiv.org/abs/2402.00002) *Cy Three.* Arxiv 2024.

3. [**Keep the Sink.**](https://arxiv.org/abs/2403.00003) *Di Four, Ed Five.* EMNLP 2024 Findings. [![GitHub Repo stars](https://img.shields.io/github/stars/four/sink)](https://github.com/four/sink)
"""

NESTED = """\
### Hard Prompts:

- **Filtering:**

  - General:

    - [[Sift](https://arxiv.org/abs/2401.00001)] Sifting Prompts for Large Models
    - [[Cut](https://aclanthology.org/2024.acl-long.11/)] Cutting Contexts Short

  - Query-aware:

    - [[Ask](https://openreview.net/forum?id=AbCdEfGhIj)] Asking before Cutting
- **Paraphrasing:**
  - [[Say](https://arxiv.org/abs/2402.00009)] Saying It Shorter
"""

BREAKS = """\
## Efficient Prompting

- Prompting in Fewer Words <br> ACL 2023 [[Paper]](https://arxiv.org/abs/2301.00001) [[Code]](https://github.com/a/fewer)
- Words That Matter <br> Arxiv 2024 [[Paper]](https://arxiv.org/abs/2401.00002)
- Soft Words <br> NeurIPS 2024 [[Paper]](https://arxiv.org/abs/2402.00003) [[Code]](https://github.com/b/soft) [[Project]](https://soft.example.org)
"""

TWO_LINES = """\
## Latent Thoughts

- **Thinking Without Words**
  *Ann One, Bob Two*. [[pdf](https://arxiv.org/pdf/2412.00001)], [[code](https://github.com/one/think)], 2024.12. ![](https://img.shields.io/badge/COLM2025-orange) ![](https://img.shields.io/badge/TWW-blue)
- **Silent Steps**
  *Cy Three et al.*. [[pdf](https://arxiv.org/pdf/2501.00002)], 2025.01. ![](https://img.shields.io/badge/Hush--2-blue)
"""

LABELLED = """\
## Pages as Pictures

- **Reading by Looking: A Page Is a Picture**
  - *Authors:* Ann One, et al.
  - *Venue:* **arXiv 2025**
  - *Tags:* `[Vision]`, `[OCR]`
  - [Paper](https://arxiv.org/abs/2501.00001) | [Repo](https://github.com/one/look)

- **Pixels for Text**
  - *Venue:* **ICLR 2025**
  - [Paper](https://arxiv.org/abs/2502.00002)
"""

HTML = """\
## Surveys

<b>General Surveys</b>

<ul>
<li><i><b>A Survey of Everything</b></i>, One et al., <a href="https://arxiv.org/abs/2401.00001" target="_blank"><img src="https://img.shields.io/badge/arXiv-2024.01-red" alt="arXiv Badge"></a>
    <a href="https://github.com/one/everything" target="_blank">
        <img src="https://img.shields.io/github/stars/one/everything.svg?style=social" alt="GitHub stars">
    </a>
</li>
<li><i><b>A Survey of the Rest</b></i> (Rest), Two et al., <a href="https://arxiv.org/abs/2402.00002" target="_blank"><img src="https://img.shields.io/badge/ACL-2024.05-blue" alt="ACL Badge"></a>
    </li>
</ul>
"""

DATED = """\
## Agents

- [2023/08] **Agents That Plan.** *Ann One (Some University) et al. arXiv.* [[paper](https://arxiv.org/abs/2308.00001)] [[code](https://github.com/one/plan)]
- [2023/09] **Agents That Act.** *Bob Two (Other Lab) et al. ICLR 2024.* [[paper](https://arxiv.org/abs/2309.00002)]
"""

DESCRIBED = """\
## Tools and Papers

* [Compressing Prompts](https://arxiv.org/abs/2401.00001) - drops the words that a small model can guess.
* [Packing Contexts](https://arxiv.org/abs/2402.00002) - packs several contexts into one vector.
"""

ALL = {
    "numbered": NUMBERED,
    "nested": NESTED,
    "breaks": BREAKS,
    "two lines": TWO_LINES,
    "labelled": LABELLED,
    "html": HTML,
    "dated": DATED,
    "described": DESCRIBED,
}
