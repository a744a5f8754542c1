-- Every three characters in a row of a text with a space before and after it, and the first letter of each word with the space
-- before it. diana/trigrams.py cuts what is searched for in the same way. By characters, not by letters of a locale.
CREATE OR REPLACE FUNCTION diana_trigrams(of text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN (
    SELECT coalesce(array_agg(DISTINCT gram COLLATE "C") FILTER (WHERE gram IS NOT NULL), '{}')
    FROM (
        SELECT c, lead(c, 1) OVER (ORDER BY place) AS second, lead(c, 2) OVER (ORDER BY place) AS third
        FROM unnest(string_to_array(' ' || of || ' ', NULL)) WITH ORDINALITY AS characters (c, place)
    ) AS three,
    unnest(ARRAY[c || second || third, CASE WHEN c = ' ' THEN c || second END]) AS gram
);
