"""What a title says, and by what name its method is known. The examples are titles of real lists."""

import pytest

from papers import titles


@pytest.mark.parametrize(
    ("title", "clean", "known_as"),
    [
        ("🔥[**H2O**] H2O: Heavy-Hitter Oracle(@UT Austin etc)", "H2O: Heavy-Hitter Oracle", "H2O"),
        ("**SnapKV: LLM Knows What You are Looking for.**", "SnapKV: LLM Knows What You are Looking for", "SnapKV"),
        ("LLMLingua-2: Data Distillation", "LLMLingua-2: Data Distillation", "LLMLingua-2"),
        ("In-context Autoencoder (ICAE)", "In-context Autoencoder (ICAE)", "ICAE"),
        (":star: TOVA", "TOVA", "TOVA"),
        ("A Survey: of things", "A Survey: of things", ""),
        ("Position: The model forgets", "Position: The model forgets", ""),
        ("Efficient Streaming Language Models", "Efficient Streaming Language Models", ""),
        ("Soft Tokens, Hard Truths et al.", "Soft Tokens, Hard Truths et al.", ""),
        ("Towards X: a way", "Towards X: a way", ""),
        (
            "[**DynamicLLaVA**] [ICLR2025] Dynamic-LLaVA: Sparse Contexts (@ECNU)",
            "Dynamic-LLaVA: Sparse Contexts",
            "DynamicLLaVA",
        ),
        ("Augmented Language Models: a Survey", "Augmented Language Models: a Survey", ""),
        ("LongBench: A Bilingual Benchmark", "LongBench: A Bilingual Benchmark", "LongBench"),
        ("[**Evaluating**] Quantized Models(@Tsinghua)", "Quantized Models", ""),
        ("[Arxiv24] How Good Are Low-bit Models?", "How Good Are Low-bit Models?", ""),
        ("[**MLC-LLM**]Universal Deployment(@mlc-ai)", "Universal Deployment", "MLC-LLM"),
    ],
)
def test_titles(title, clean, known_as):
    assert titles.clean(title) == clean
    assert titles.known_as(title) == known_as


def test_a_nickname_that_stands_apart_wins():
    assert titles.known_as("Learning to Compress Prompts with Gist Tokens", "**GIST**") == "GIST"
