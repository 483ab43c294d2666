"""PostgreSQL: the embedded server, the roles, and how to connect.

Every process meets the others in the database and nowhere else, so this package is small and has
no knowledge of tables. Three questions, three modules: where a server comes from (`cluster`,
with `binaries` and `location`), who may log in (`roles`), and how to reach it (`connect`).
The hot path imports this package, therefore Django is never imported here.
"""

from aralyk.database.connect import NoDatabase, connect, connect_info
from aralyk.database.roles import Role

__all__ = ["NoDatabase", "Role", "connect", "connect_info"]
