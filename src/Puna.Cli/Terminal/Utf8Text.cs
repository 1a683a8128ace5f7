using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Puna.Engine;

namespace Puna.Cli.Terminal;

/// <summary>Strict UTF-8.</summary>
internal static class Utf8Text
{
    private const string CommandLinePath = "/proc/self/cmdline";

    /// <summary>The text of the bytes; nothing is replaced, a byte-order mark is kept.</summary>
    /// <exception cref="InputException">They are no valid UTF-8; the sentence names the first bad byte.</exception>
    public static string Decode(ReadOnlySpan<byte> bytes, string source)
    {
        if (Utf8.IsValid(bytes))
        {
            return Encoding.UTF8.GetString(bytes);
        }

        var bad = FirstBad(bytes);
        throw new InputException(
            $"{source} is no valid UTF-8: byte {bad} (0x{bytes[bad]:X2}) begins no character."
        );
    }

    /// <summary>
    /// The argument as given. The runtime has already put U+FFFD, or a lone surrogate, for bytes of it that are no
    /// UTF-8. Where Linux shows the bytes of the command line and they are UTF-8 throughout, the mark was really given.
    /// </summary>
    /// <exception cref="InputException">Bytes of it were no UTF-8, or that cannot be told.</exception>
    public static string Argument(string text, string source)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune == Rune.ReplacementChar)
            {
                return IsCommandLineUtf8()
                    ? text
                    : throw new InputException(
                        $"{source} is no valid UTF-8 (it has bytes that are no character); give it in UTF-8."
                    );
            }
        }

        return text;
    }

    private static int FirstBad(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (Rune.DecodeFromUtf8(bytes[at..], out _, out var length) == OperationStatus.Done)
        {
            at += length;
        }

        return at;
    }

    private static bool IsCommandLineUtf8()
    {
        try
        {
            return OperatingSystem.IsLinux() && Utf8.IsValid(File.ReadAllBytes(CommandLinePath));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
