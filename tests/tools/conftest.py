"""工具脚本互相直接按文件名引用，这里让测试也能这样引用它们。"""

import sys
from pathlib import Path

TOOLS = str(Path(__file__).resolve().parents[2] / "tools")
if TOOLS not in sys.path:
    sys.path.append(TOOLS)
