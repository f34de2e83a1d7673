"""Files that hold conversations as text: chats, pages, mail, documents, folders of texts."""
