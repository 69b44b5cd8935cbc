"""The pages: server-rendered, with views and templates side by side, one folder a subject."""
