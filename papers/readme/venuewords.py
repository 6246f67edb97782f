"""Whether a phrase is a venue: the name of a conference, journal or archive with what is usual around it."""

from __future__ import annotations

import re

_NAMES = (
    r"NeurIPS|NIPS|ICML|ICLR|ACL|EMNLP|NAACL|EACL|AACL|COLING|CoNLL|COLM|LREC(?:-COLING)?|IJCNLP|TACL|"
    r"AAAI|IJCAI|UAI|AISTATS|COLT|ECAI|ACML|TMLR|JMLR|"
    r"KDD|WWW|SIGIR|CIKM|WSDM|RecSys|ECIR|TheWebConf|"
    r"CVPR|ICCV|ECCV|WACV|BMVC|3DV|ACCV|ICIP|(?:ACM )?MM|ACMMM|TPAMI|IJCV|TIP|SIGGRAPH(?: Asia)?|"
    r"MLSys|OSDI|SOSP|NSDI|(?:USENIX )?ATC|EuroSys|ASPLOS|ISCA|MICRO|HPCA|SC|PPoPP|PACT|ICS|SIGCOMM|HotOS|HotNets|SoCC|"
    r"CIDR|VLDB|PVLDB|SIGMOD|ICDE|EDBT|FAST|DAC|DATE|ICCAD|ISSCC|TCAD|ICPP|IPDPS|HPDC|ISPASS|IISWC|FPGA|FCCM|Middleware|"
    r"ICASSP|INTERSPEECH|ASRU|SLT|TASLP|ICRA|IROS|CoRL|RSS|RA-?L|CHI|UIST|IUI|CSCW|"
    r"CCS|S&P|USENIX Security|NDSS|ICSE|FSE|ASE|ISSTA|PLDI|POPL|OOPSLA|CGO|"
    r"DCC|TKDE|TOIS|TNNLS|TIST|CSUR|ACM Computing Surveys|Computational Linguistics|Frontiers[\w ]*|"
    r"Nature(?: [A-Z]\w+)*|Science(?: [A-Z]\w+)*|PNAS|Cell|PMLR|JAIR|Neurocomputing|IEEE [\w& .-]+|ACM [\w& .-]+|"
    r"arXiv|bioRxiv|medRxiv|SSRN|OpenReview|Preprints?|Technical Reports?|Tech\.? Reports?|Blog(?: ?post)?|HAL|Zenodo|Findings"
)
_YEAR = r"['’]?(?:(?:19|20)\d\d(?:[./-]\d{1,2}){0,2}|\d\d)"
_TRACK = (
    r"main|findings|long|short|industry(?: track)?|demos?|oral|posters?|spotlights?|highlights?|outstanding[\w ]*|best[\w ]*|"
    r"workshops?|ws|notable[\w -]*|under review|submission|submitted|accepted|conference|journal|proceedings|tutorial|"
    r"datasets? (?:and|&) benchmarks?(?: track)?|student|tiny papers?|blog ?posts?|preprint|vol\.? ?\d+|top[\w -]*%?"
)
_VENUE = re.compile(
    rf"(?:(?:in|published (?:at|in)|accepted (?:by|to|at))\s+)?"
    rf"(?:(?:Conference|Journal|Findings|Proceedings|Workshop|Proc\.?)(?:\s+of)?(?:\s+the)?[\s:-]+)?(?:{_YEAR}\s+)?"
    rf"(?:{_NAMES})(?:\s*[-:/@]?\s*(?:{_YEAR}|{_NAMES}|\(?(?:{_TRACK})\)?))*"
    rf"(?:\s+[A-Z][\w&'’-]*\s+Workshops?)?[.!]?",
    re.IGNORECASE,
)
_LONGEST = 80  # characters


def is_venue(text: str) -> bool:
    """Return whether a whole phrase names a venue: `EMNLP 2025 Main`, `ICML'23 Workshop`, `Arxiv 2024`."""
    text = " ".join(text.split()).strip("()[]（） ,")
    return 0 < len(text) <= _LONGEST and _VENUE.fullmatch(text) is not None
