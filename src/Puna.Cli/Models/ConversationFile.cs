using System.Text;
using System.Text.Json;
using Puna.Cli.Terminal;
using Puna.Engine;
using Puna.Engine.Files.Json;
using Puna.Engine.Files.Writing;
using Puna.Engine.Text.Templates;

namespace Puna.Cli.Models;

/// <summary>A saved conversation: a JSON array of {"role", "content"}, the system text first where there is one.</summary>
internal static class ConversationFile
{
    /// <summary>Writes messages; an old file is replaced when the new one is complete.</summary>
    /// <exception cref="InputException">The file cannot be written.</exception>
    public static void Write(OutputFile file, IReadOnlyList<ChatMessage> messages)
    {
        using var files = new StagedFiles();
        files.Write(
            file,
            stream =>
            {
                using var writer = new Utf8JsonWriter(
                    stream,
                    new JsonWriterOptions { Indented = true }
                );
                writer.WriteStartArray();
                foreach (var message in messages)
                {
                    writer.WriteStartObject();
                    writer.WriteString("role", message.Role);
                    writer.WriteString("content", message.Content);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
            }
        );
        files.Commit();
    }

    /// <summary>The messages of a file.</summary>
    /// <param name="json">Its text.</param>
    /// <param name="path">Its name, for messages.</param>
    /// <exception cref="InputException">It is no saved conversation.</exception>
    public static List<ChatMessage> Parse(string json, string path)
    {
        var messages = new List<ChatMessage>();
        try
        {
            using var document = JsonText.Parse(path, Encoding.UTF8.GetBytes(json));
            foreach (var entry in document.RootElement.EnumerateArray())
            {
                messages.Add(new ChatMessage(Text(entry, "role"), Text(entry, "content")));
            }
        }
        catch (Exception failure)
            when (failure is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new InputException(
                $"'{path}' is no saved conversation: an array of {{\"role\", \"content\"}} is needed.",
                failure
            );
        }

        return messages;
    }

    /// <summary>Why a file may not be replaced by a conversation, as the rest of a sentence; null when nothing is wrong.</summary>
    public static string? Objection(string path)
    {
        const string Other = "exists and is no saved conversation";
        try
        {
            if (!BeginsAsArray(path))
            {
                return Other;
            }

            _ = Parse(TextFile.Read(path), path);
            return null;
        }
        catch (Exception fault)
            when (fault is InputException or IOException or UnauthorizedAccessException)
        {
            return Other;
        }
    }

    // Spares reading the whole of a large file that is of another kind.
    private static bool BeginsAsArray(string path)
    {
        using var stream = File.OpenRead(path);
        Span<byte> start = stackalloc byte[64];
        start = start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        return start
            .TrimStart((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF, .. " \t\r\n"u8])
            .StartsWith("["u8);
    }

    private static string Text(JsonElement entry, string name) =>
        entry.GetProperty(name).GetString()
        ?? throw new JsonException($"The {name} of a message is null.");
}
