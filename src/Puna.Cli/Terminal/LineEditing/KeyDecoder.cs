using System.Text;

namespace Puna.Cli.Terminal.LineEditing;

/// <summary>
/// Makes actions of the keys that .NET reads from a terminal. .NET knows the sequences of single keys, but not those
/// that enclose a paste: their characters come one by one, and so does what is pasted.
/// </summary>
internal sealed class KeyDecoder
{
    private const char Escape = '\e';
    private const string PasteStart = "\e[200~";
    private const string PasteEnd = "\e[201~";
    private readonly StringBuilder _pasted = new();
    private string _begun = "";
    private char _highSurrogate;
    private bool _pasting;

    /// <summary>Takes one key; text may come later than its first key.</summary>
    public EditKey Decode(ConsoleKeyInfo key)
    {
        if (_pasting)
        {
            return Paste(key);
        }

        var begun = _begun;
        _begun = Sequence(begun, key);
        if (_begun == PasteStart)
        {
            _begun = "";
            _pasting = true;
        }

        if (_pasting || _begun.Length > 0)
        {
            return default;
        }

        // It was no sequence: what was held back is text, but for the escape.
        var decoded = Single(key);
        return begun.Length > 1 && decoded.Action == EditAction.Insert
            ? decoded with
            {
                Text = begun[1..] + decoded.Text,
            }
            : decoded;
    }

    private static string Sequence(string begun, ConsoleKeyInfo key)
    {
        var characters = Characters(key);
        var longer = begun + characters;
        return characters.Length > 0 && PasteStart.StartsWith(longer, StringComparison.Ordinal)
            ? longer
            : "";
    }

    private static string Characters(ConsoleKeyInfo key) =>
        key.KeyChar == '\0' ? ""
        : (key.Modifiers & ConsoleModifiers.Alt) != 0 ? $"{Escape}{key.KeyChar}"
        : $"{key.KeyChar}";

    private EditKey Paste(ConsoleKeyInfo key)
    {
        _ = _pasted.Append(Characters(key));
        if (key.KeyChar != PasteEnd[^1] || !EndsWith(_pasted, PasteEnd))
        {
            return default;
        }

        _pasted.Length -= PasteEnd.Length;
        var text = _pasted.ToString().ReplaceLineEndings("\n");
        _ = _pasted.Clear();
        _pasting = false;
        return new EditKey(
            EditAction.Insert,
            string.Concat(text.Where(symbol => symbol is '\n' or '\t' || !char.IsControl(symbol)))
        );
    }

    private static bool EndsWith(StringBuilder text, string end) =>
        text.Length >= end.Length && text.ToString(text.Length - end.Length, end.Length) == end;

    private EditKey Single(ConsoleKeyInfo key)
    {
        if (char.IsHighSurrogate(key.KeyChar))
        {
            _highSurrogate = key.KeyChar;
            return default;
        }

        if (char.IsLowSurrogate(key.KeyChar))
        {
            return new EditKey(EditAction.Insert, $"{_highSurrogate}{key.KeyChar}");
        }

        var isText =
            key.KeyChar == '\t'
            || (!char.IsControl(key.KeyChar) && (key.Modifiers & ConsoleModifiers.Alt) == 0);
        return isText
            ? new EditKey(EditAction.Insert, $"{key.KeyChar}")
            : new EditKey(KeyMap.Action(key));
    }
}
