using System.Runtime.InteropServices;
using Puna.Engine;

namespace Puna.Cli.Terminal;

/// <summary>Reads standard input.</summary>
internal static class StandardInput
{
    private const int MaximumBytes = TextFile.LargestText;
    private static readonly Lazy<Stream> s_lines = new(() =>
        new BufferedStream(StandardStreams.OpenInput())
    );

    /// <summary>Everything up to the end, as it is, to the last byte.</summary>
    /// <exception cref="InputException">It is no valid UTF-8, or longer than 64 MiB.</exception>
    public static string Text() => Interruption.Wait(ReadText);

    /// <summary>The next line without its end, or null behind the last one. In a terminal the user edits it.</summary>
    /// <exception cref="InputException">It is no valid UTF-8, or longer than 64 MiB.</exception>
    public static string? Line() => Interruption.Wait(ReadLine);

    private static string ReadText()
    {
        using var input = StandardStreams.OpenInput();
        return Utf8Text.Decode(
            BoundedBytes.ReadAll(input, MaximumBytes, "Standard input"),
            "Standard input"
        );
    }

    private static string? ReadLine()
    {
        if (!Console.IsInputRedirected)
        {
            return Console.In.ReadLine();
        }

        var bytes = new List<byte>();
        int next;
        while ((next = s_lines.Value.ReadByte()) >= 0 && next != '\n')
        {
            bytes.Add((byte)next);
            if (bytes.Count > MaximumBytes)
            {
                throw new InputException(
                    $"A line is longer than {MaximumBytes >> 20} MiB, the most that is taken."
                );
            }
        }

        if (next < 0 && bytes.Count == 0)
        {
            return null;
        }

        if (bytes is [.., (byte)'\r'])
        {
            bytes.RemoveAt(bytes.Count - 1);
        }

        return Utf8Text.Decode(CollectionsMarshal.AsSpan(bytes), "The line");
    }
}
