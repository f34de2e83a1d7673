"""JSON exports of chats and speech recognition, one module per application; `export` lists them all."""
