-- Two roles for PostgreSQL, so that the program cannot change what it has written down (DB1302/T 604—2025 7.9.3):
--   rexian_owner  owns the tables; migrations run as it
--   rexian_app    the server runs as it; may add to the journal, and neither change nor remove a row of it
-- Run it as a superuser in the database of the hotline (psql -f), before the first start and after every migration:
-- it may be run any number of times. Then give both roles their passwords, open the database once as rexian_owner
-- (`rexian audit rights` does), run it again, and name rexian_app in `database` of server.toml.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rexian_owner') THEN
        CREATE ROLE rexian_owner LOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rexian_app') THEN
        CREATE ROLE rexian_app LOGIN;
    END IF;
END
$$;

ALTER ROLE rexian_app NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM rexian_app;
GRANT USAGE, CREATE ON SCHEMA public TO rexian_owner;
GRANT USAGE ON SCHEMA public TO rexian_app;

DO $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('ALTER TABLE public.%I OWNER TO rexian_owner', found.tablename);
    END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO rexian_app;
ALTER DEFAULT PRIVILEGES FOR ROLE rexian_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO rexian_app;

DO $$
BEGIN
    IF to_regclass('public.journal') IS NOT NULL THEN
        REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON public.journal FROM rexian_app, PUBLIC;
    END IF;
    IF to_regclass('public.schema_migration') IS NOT NULL THEN
        REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON public.schema_migration FROM rexian_app, PUBLIC;
    END IF;
END
$$;
