"""Ships the journal of the app's units and nginx's logs, so that what a host has said can be read when it is gone."""
