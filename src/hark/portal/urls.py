"""The customers' addresses. `/chat/<key>/live` and `POST /in/<key>` are answered before these, by raw ASGI."""

from django.urls import URLPattern, URLResolver, path

from hark.portal.views import chat, form, leaving, uploads

urlpatterns: list[URLPattern | URLResolver] = [
    path("chat/<str:key>/", chat.chat_page, name="chat"),
    path("chat/<str:key>/widget.js", chat.widget_script, name="chat-widget"),
    path("chat/<str:key>/brand.css", chat.brand_style, name="brand-style"),
    path("chat/<str:key>/start", chat.start, name="chat-start"),
    path("chat/<str:key>/messages", chat.messages, name="chat-messages"),
    path("chat/<str:key>/address", leaving.address, name="chat-address"),
    path("chat/<str:key>/transcript", leaving.transcript, name="chat-transcript"),
    path("chat/<str:key>/files", uploads.add_piece, name="chat-files"),
    path("chat/<str:key>/files/<str:file>/<str:way>", chat.chat_file, name="chat-file"),
    path("form/<str:key>/", form.form, name="form"),
    path("form/<str:key>/embed.js", form.embed_script, name="form-embed"),
    path("form/<str:key>/thanks/<str:token>/", form.thanks, name="form-thanks"),
    path("form/<str:key>/talk/<str:token>/", form.talk, name="form-talk"),
    path("form/<str:key>/talk/<str:token>/lines", form.talk_lines, name="form-talk-lines"),
    path("form/<str:key>/talk/<str:token>/files/<str:file>/<str:way>", form.talk_file, name="form-talk-file"),
]
