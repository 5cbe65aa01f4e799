-- What goes on air, and what was played: the history grows for ever, so it lies in one partition a month.
CREATE TABLE streams (
    id text PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$'),
    title text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE broadcasts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream_id text NOT NULL REFERENCES streams,
    title text NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    CHECK (ended_at > began_at)
);
CREATE INDEX broadcasts_stream ON broadcasts (stream_id, began_at DESC);

CREATE TABLE plays (
    played_at timestamptz NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    stream_id text NOT NULL,
    track_id bigint,
    region text NOT NULL,
    listeners integer NOT NULL CHECK (listeners >= 0),
    PRIMARY KEY (played_at, id)
) PARTITION BY RANGE (played_at);
CREATE INDEX plays_track ON plays (track_id, played_at);
CREATE TABLE plays_default PARTITION OF plays DEFAULT;

-- Makes the partitions of a month and of the months after it; rows that already lie in the default stay there.
CREATE FUNCTION make_play_partitions(first date, months integer) RETURNS integer
LANGUAGE plpgsql SET search_path = public AS $$
DECLARE
    month date := date_trunc('month', first);
    made integer := 0;
BEGIN
    FOR step IN 0 .. months - 1 LOOP
        IF to_regclass(format('plays_%s', to_char(month, 'YYYYMM'))) IS NULL THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF plays FOR VALUES FROM (%L) TO (%L)',
                'plays_' || to_char(month, 'YYYYMM'), month, month + interval '1 month');
            made := made + 1;
        END IF;
        month := month + interval '1 month';
    END LOOP;
    RETURN made;
END $$;

SELECT make_play_partitions(current_date, 6);
