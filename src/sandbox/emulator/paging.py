"""Pages of the services whose answers have a NextToken."""

from __future__ import annotations

from typing import Any, Dict, List, Optional


def page_of(items: List[Any], params: Dict[str, Any], key: str, size: Optional[int], most: int) -> Dict[str, Any]:
    """{key: one page of at most `size` items, `most` at the most}; the token is where the next page begins."""
    start = int(params.get("NextToken") or 0)
    end = start + min(size or most, most)
    more = {"NextToken": str(end)} if end < len(items) else {}
    return {key: items[start:end], **more}
