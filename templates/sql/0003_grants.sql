-- The application reads and writes rows; the schema is the migrations' business. Its role owns nothing.
DO $$
BEGIN
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO application', current_database());
END $$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO application;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO application;
REVOKE ALL ON schema_migrations FROM application;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO application;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO application;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO application;
