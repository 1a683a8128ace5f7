using System.Runtime.InteropServices;
using Puna.Engine;

namespace Puna.Cli.Terminal;

/// <summary>Reads standard input.</summary>
internal static class StandardInput
{
    private const int MaximumBytes = 256 << 20;
    private static readonly Lazy<Stream> s_lines = new(() =>
        new BufferedStream(Console.OpenStandardInput())
    );

    /// <summary>Everything up to the end, as it is, to the last byte.</summary>
    /// <exception cref="InputException">It is no valid UTF-8, or longer than 256 MiB.</exception>
    public static string Text() => Interruption.Wait(ReadText);

    /// <summary>The next line without its end, or null behind the last one. In a terminal the user edits it.</summary>
    /// <exception cref="InputException">It is no valid UTF-8, or longer than 256 MiB.</exception>
    public static string? Line() => Interruption.Wait(ReadLine);

    private static string ReadText()
    {
        using var input = Console.OpenStandardInput();
        using var bytes = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (var read = input.Read(buffer); read > 0; read = input.Read(buffer))
        {
            bytes.Write(buffer, 0, read);
            if (bytes.Length > MaximumBytes)
            {
                throw new InputException(
                    $"Standard input is longer than {MaximumBytes >> 20} MiB."
                );
            }
        }

        return Utf8Text.Decode(bytes.GetBuffer().AsSpan(0, (int)bytes.Length), "Standard input");
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
                throw new InputException($"A line is longer than {MaximumBytes >> 20} MiB.");
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
