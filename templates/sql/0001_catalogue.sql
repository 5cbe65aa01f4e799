-- The catalogue: who made what. It is not partitioned: searching many partitions costs more than it saves.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;

-- Generated columns take immutable functions only: the folding of accents lives in a configuration.
CREATE TEXT SEARCH CONFIGURATION music_simple (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION music_simple
    ALTER MAPPING FOR hword, hword_part, word WITH unaccent, simple;

CREATE TABLE artists (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    country char(2) CHECK (country ~ '^[A-Z]{2}$'),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX artists_name ON artists (lower(name));
CREATE INDEX artists_name_trgm ON artists USING gin (name gin_trgm_ops);

CREATE TABLE labels (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE CHECK (name <> '')
);

CREATE TABLE releases (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    title text NOT NULL CHECK (title <> ''),
    label_id bigint REFERENCES labels,
    catalogue_number text,
    released_on date,
    UNIQUE (label_id, catalogue_number)
);

CREATE TABLE tracks (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    release_id bigint REFERENCES releases,
    title text NOT NULL CHECK (title <> ''),
    version text,
    isrc char(12) UNIQUE CHECK (isrc ~ '^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$'),
    bpm numeric(5, 2) CHECK (bpm BETWEEN 20 AND 400),
    musical_key text,
    duration interval CHECK (duration > interval '0'),
    created_at timestamptz NOT NULL DEFAULT now(),
    -- English stems would leave "The Who" empty: the plain words weigh most, the stems help.
    search tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('music_simple', title || ' ' || coalesce(version, '')), 'A')
        || setweight(to_tsvector('english', title), 'B')
        || setweight(to_tsvector('russian', title), 'B')
    ) STORED
);
CREATE INDEX tracks_search ON tracks USING gin (search);
CREATE INDEX tracks_title_trgm ON tracks USING gin (title gin_trgm_ops);
CREATE INDEX tracks_release ON tracks (release_id);

CREATE TABLE track_artists (
    track_id bigint NOT NULL REFERENCES tracks ON DELETE CASCADE,
    artist_id bigint NOT NULL REFERENCES artists,
    role text NOT NULL DEFAULT 'main' CHECK (role IN ('main', 'featured', 'remixer')),
    position smallint NOT NULL DEFAULT 1,
    PRIMARY KEY (track_id, artist_id, role)
);
CREATE INDEX track_artists_artist ON track_artists (artist_id);

CREATE TABLE genres (
    id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    parent_id smallint REFERENCES genres
);

CREATE TABLE track_genres (
    track_id bigint NOT NULL REFERENCES tracks ON DELETE CASCADE,
    genre_id smallint NOT NULL REFERENCES genres,
    PRIMARY KEY (track_id, genre_id)
);
