"""The cloud half: what AWS shall hold is planned as values, shown, then applied.

Each resource is one module of the same three words:

- `wanted_X(group, …) -> dict` builds the arguments of the AWS request from the declaration; pure.
- `observe_X(clients, group) -> X | None` reads, by exact name, and changes nothing. What it returns is a frozen
  dataclass of plain values; a field that others move by themselves (a desired capacity, a state) is declared with
  `field(compare=False)`, so that a saved plan does not grow stale by it.
- `plan_X(group, observed) -> list[Call]` compares what was declared and nothing else; pure, and without clients.

A `Call` already holds every choice and its reason ("MaxSize 9 -> 4"). What only AWS can say, an ARN, is a `Ref` to what
an earlier call of the same plan gives; `apply` fills it in and decides nothing.

Methods are boto3's (`put_lifecycle_hook`), arguments AWS's own words. Errors of boto3 end as `CloudError` in `clients`
and `apply`; nobody else catches them but for "there is none" (`clients.code`).
"""
