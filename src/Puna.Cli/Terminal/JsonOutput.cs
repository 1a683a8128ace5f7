using System.Text.Encodings.Web;
using System.Text.Json;

namespace Puna.Cli.Terminal;

/// <summary>Writes the one JSON object that <c>--json</c> promises on stdout.</summary>
internal static class JsonOutput
{
    private static readonly JsonWriterOptions s_options = new()
    {
        Indented = false,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Writes an object whose members <paramref name="members"/> writes, and a line end.</summary>
    public static void Write(Action<Utf8JsonWriter> members)
    {
        using var output = StandardStreams.OpenOutput();
        using (var writer = new Utf8JsonWriter(output, s_options))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        output.WriteByte((byte)'\n');
    }

    /// <summary>Writes a member that is an array of ids.</summary>
    public static void WriteIds(Utf8JsonWriter writer, string name, IReadOnlyList<int> ids)
    {
        writer.WriteStartArray(name);
        foreach (var id in ids)
        {
            writer.WriteNumberValue(id);
        }

        writer.WriteEndArray();
    }
}
