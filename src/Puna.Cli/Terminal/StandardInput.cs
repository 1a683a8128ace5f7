using System.Text;
using Puna.Engine;

namespace Puna.Cli.Terminal;

/// <summary>Reads standard input.</summary>
public static class StandardInput
{
    private const int MaximumBytes = 256 << 20;

    /// <summary>Everything up to the end, as it is, to the last byte.</summary>
    /// <exception cref="InputException">It is no valid UTF-8, or longer than 256 MiB.</exception>
    public static string Text()
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
}
