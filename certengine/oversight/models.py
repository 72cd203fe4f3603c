"""The room's tables."""

from certengine.oversight import inspection_models

__all__ = ["inspection_models"]
