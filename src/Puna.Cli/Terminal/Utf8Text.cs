using System.Text;
using System.Text.Unicode;
using Puna.Engine;

namespace Puna.Cli.Terminal;

/// <summary>Strict UTF-8.</summary>
public static class Utf8Text
{
    /// <summary>The text of the bytes; nothing is replaced, a byte-order mark is kept.</summary>
    /// <exception cref="InputException">They are no valid UTF-8; the sentence names the first bad byte.</exception>
    public static string Decode(ReadOnlySpan<byte> bytes, string source)
    {
        var characters = new char[bytes.Length];
        _ = Utf8.ToUtf16(
            bytes,
            characters,
            out var read,
            out var written,
            replaceInvalidSequences: false
        );
        return read == bytes.Length
            ? new string(characters, 0, written)
            : throw new InputException(
                $"{source} is no valid UTF-8: byte {read} (0x{bytes[read]:X2}) begins no character."
            );
    }

    /// <summary>
    /// The argument as given. The runtime has already replaced bytes that are no UTF-8 in an argument by U+FFFD or lone
    /// surrogates, so those are refused.
    /// </summary>
    /// <exception cref="InputException">It holds such a mark.</exception>
    public static string Argument(string text, string source)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar)
            {
                throw new InputException(
                    $"{source} is no valid UTF-8 (it holds U+FFFD, which stands for bytes that are no character); give it in UTF-8."
                );
            }
        }

        return text;
    }
}
