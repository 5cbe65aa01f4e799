-- Rows whose month had no partition lie in the default, which would then refuse that month: they move into it.
-- A timer on the leader makes the months ahead.
CREATE OR REPLACE FUNCTION make_play_partitions(first date, months integer) RETURNS integer
LANGUAGE plpgsql SET search_path = public AS $$
DECLARE
    first_month timestamptz := date_trunc('month', first::timestamptz);
    past_last timestamptz := first_month + months * interval '1 month';
    missing timestamptz[];
    month timestamptz;
    name text;
BEGIN
    SELECT array_agg(due ORDER BY due) INTO missing FROM (
        SELECT generate_series(first_month, past_last - interval '1 day', interval '1 month') AS due
        UNION
        SELECT date_trunc('month', played_at) FROM plays_default WHERE isfinite(played_at) AND played_at < past_last
    ) AS wanted WHERE to_regclass('plays_' || to_char(due, 'YYYYMM')) IS NULL;
    IF missing IS NULL THEN
        RETURN 0;
    END IF;
    -- Nobody puts a row there meanwhile; months that have their partition are written and read on.
    LOCK TABLE plays_default IN ACCESS EXCLUSIVE MODE;
    FOREACH month IN ARRAY missing LOOP
        name := 'plays_' || to_char(month, 'YYYYMM');
        EXECUTE format('CREATE TABLE %I (LIKE plays INCLUDING CONSTRAINTS INCLUDING DEFAULTS)', name);
        EXECUTE format('WITH moved AS (
                DELETE FROM plays_default WHERE played_at >= $1 AND played_at < $2 RETURNING *)
            INSERT INTO %I SELECT * FROM moved', name) USING month, month + interval '1 month';
        EXECUTE format('ALTER TABLE plays ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            name, month, month + interval '1 month');
    END LOOP;
    RETURN cardinality(missing);
END $$;

SELECT make_play_partitions(current_date, 6);
