namespace Puna.EndToEnd.Tests.LineEditing;

/// <summary>Keys as .NET reads them from a terminal.</summary>
internal static class Keys
{
    /// <summary>A key that has no character.</summary>
    public static ConsoleKeyInfo Special(ConsoleKey key) => new('\0', key, false, false, false);

    /// <summary>A letter with Ctrl.</summary>
    public static ConsoleKeyInfo Control(char letter) =>
        new(
            (char)(char.ToUpperInvariant(letter) & 0x1F),
            ConsoleKey.A + (char.ToUpperInvariant(letter) - 'A'),
            false,
            false,
            control: true
        );

    /// <summary>Enter, alone or with Alt.</summary>
    public static ConsoleKeyInfo Enter(bool alt = false) =>
        new('\r', ConsoleKey.Enter, false, alt, false);

    /// <summary>The keys of a text as it is typed, or comes in a paste: a key for each UTF-16 unit.</summary>
    public static IEnumerable<ConsoleKeyInfo> Typed(string text) =>
        text.Select(symbol =>
            symbol switch
            {
                '\r' => Enter(),
                '\n' => new ConsoleKeyInfo('\n', ConsoleKey.Enter, false, false, control: true),
                '\e' => new ConsoleKeyInfo('\e', ConsoleKey.Escape, false, false, false),
                '\x7F' => new ConsoleKeyInfo('\x7F', ConsoleKey.Backspace, false, false, false),
                _ => new ConsoleKeyInfo(symbol, ConsoleKey.None, false, false, false),
            }
        );

    /// <summary>The keys of a text that a terminal pastes.</summary>
    public static IEnumerable<ConsoleKeyInfo> Pasted(string text) => Typed($"\e[200~{text}\e[201~");
}
