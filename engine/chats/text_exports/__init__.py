"""Text exports of chats and transcripts, one module per form; `formats` lists them all."""
