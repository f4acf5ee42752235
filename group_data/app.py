"""What the hosts that run the app are told."""

from slackwater import App, Health, Server, Source, Static

app = App(
    name="shop",
    interface="asgi",
    entrypoint="shop.main:app",
    source=Source.directory("examples/shop"),
    environment={"GREETING": "Welcome"},
    health=Health(live="/health", ready="/health/ready"),
    static=[Static(url="/static/", directory="static")],
)
server = Server()
