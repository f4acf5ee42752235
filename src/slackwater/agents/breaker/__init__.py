"""The breaker: stops an Auto Scaling group whose launches fail one after another, and tries it again later."""
