"""The engine: everything Tunesmith does, without a window.

Outside `engine.worker` nothing here imports torch, transformers, peft or datasets; nothing at all imports Qt.
"""
