using System.Globalization;
using Puna.Cli.Terminal;
using Puna.Engine;

namespace Puna.Cli.Models;

/// <summary>Lists of token ids as people write them.</summary>
internal static class IdList
{
    private static readonly char[] s_separators = [' ', ',', '\t', '\n', '\r', '[', ']'];

    /// <summary>What --ids takes, for help.</summary>
    public const string HelpName = "\"1,2,3\"|FILE";

    /// <summary>The ids of an option: the list itself, or the path of a file that holds one.</summary>
    /// <exception cref="InputException">Something in it is no id, or the file cannot be read.</exception>
    public static IReadOnlyList<int> Read(string value) =>
        !IsList(value) && (File.Exists(value) || Directory.Exists(value))
            ? Parse(TextFile.Read(value))
            : Parse(value);

    private static bool IsList(string text) =>
        text.All(character => char.IsAsciiDigit(character) || s_separators.Contains(character));

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
                    $"'{part}' is no token id; ids are whole numbers from 0, separated by blanks or commas, or the path of a file of them."
                );
            }

            ids.Add(id);
        }

        return ids;
    }
}
