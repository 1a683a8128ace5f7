namespace Puna.Cli.Terminal;

/// <summary>Finds the known names that are nearest to a mistyped one.</summary>
public static class NearestNames
{
    /// <summary>" (nearest: a, b)", or all the known names when they are few and none is near, or nothing.</summary>
    public static string Hint(string unknown, IReadOnlyCollection<string> known)
    {
        var near = known
            .Select(name => (Name: name, Distance: Distance(unknown, name)))
            .Where(pair =>
                pair.Distance <= Math.Max(2, pair.Name.Length / 3)
                || pair.Name.StartsWith(unknown, StringComparison.Ordinal)
            )
            .OrderBy(pair => pair.Distance)
            .ThenBy(pair => pair.Name, StringComparer.Ordinal)
            .Take(3)
            .Select(pair => pair.Name)
            .ToList();
        if (near.Count > 0)
        {
            return $" (nearest: {string.Join(", ", near)})";
        }

        return known.Count is > 0 and <= 12 ? $" (known: {string.Join(", ", known)})" : "";
    }

    /// <summary>Edit distance with insertions, deletions, substitutions and swaps of neighbours.</summary>
    public static int Distance(string left, string right)
    {
        var rows = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
        {
            for (var j = 0; j <= right.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    rows[i, j] = i + j;
                    continue;
                }

                var cost = left[i - 1] == right[j - 1] ? 0 : 1;
                var best = Math.Min(
                    Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1),
                    rows[i - 1, j - 1] + cost
                );
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                {
                    best = Math.Min(best, rows[i - 2, j - 2] + 1);
                }

                rows[i, j] = best;
            }
        }

        return rows[left.Length, right.Length];
    }
}
