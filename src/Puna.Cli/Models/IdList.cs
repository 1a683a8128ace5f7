using System.Globalization;
using Puna.Engine;

namespace Puna.Cli.Models;

/// <summary>Lists of token ids as people write them.</summary>
internal static class IdList
{
    private static readonly char[] s_separators = [' ', ',', '\t', '\n', '\r', '[', ']'];

    /// <summary>Ids separated by blanks or commas.</summary>
    /// <exception cref="InputException">Something in it is no id.</exception>
    public static IReadOnlyList<int> Parse(string text)
    {
        var ids = new List<int>();
        foreach (var part in text.Split(s_separators, StringSplitOptions.RemoveEmptyEntries))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                throw new InputException(
                    $"'{part}' is no token id; ids are whole numbers from 0, separated by blanks or commas."
                );
            }

            ids.Add(id);
        }

        return ids;
    }
}
