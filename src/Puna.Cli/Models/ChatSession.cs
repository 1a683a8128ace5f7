using System.Text;
using System.Text.Json;
using Puna.Cli.Terminal;
using Puna.Engine;
using Puna.Engine.Decoding;
using Puna.Engine.Files.Json;
using Puna.Engine.Files.Writing;
using Puna.Engine.Runtime;
using Puna.Engine.Text;
using Puna.Engine.Text.Templates;

namespace Puna.Cli.Models;

/// <summary>
/// A conversation. The cache is kept between turns: of each new prompt only what differs from the tokens that are
/// already cached is run.
/// </summary>
internal sealed class ChatSession : IDisposable
{
    private readonly ITokenizer _tokenizer;
    private readonly Sequence _sequence;
    private readonly Generator _generator;
    private readonly List<ChatMessage> _messages = [];

    /// <summary>Begins an empty conversation.</summary>
    /// <exception cref="InputException">The model has no tokenizer or no chat template.</exception>
    public ChatSession(InferenceEngine engine, string? system)
    {
        _tokenizer =
            engine.Tokenizer
            ?? throw new InputException(
                "This model has no tokenizer and cannot chat; give one with --tokenizer FILE."
            );
        if (_tokenizer.Data.ChatTemplate is null)
        {
            throw new InputException(
                "This model has no chat template; use 'puna run --raw' with it."
            );
        }

        _sequence = new Sequence(engine);
        _generator = new Generator(_sequence, _tokenizer);
        System = system;
    }

    /// <summary>System text, or null for the template's own.</summary>
    public string? System { get; set; }

    /// <summary>Files that the model is read from; none of them is ever written.</summary>
    public IReadOnlyList<string> Inputs { get; init; } = [];

    /// <summary>The turns so far.</summary>
    public IReadOnlyList<ChatMessage> Messages => _messages;

    /// <summary>Forgets all turns.</summary>
    public void Reset()
    {
        _messages.Clear();
        _sequence.Truncate(0);
    }

    /// <summary>
    /// Takes a turn of the user and generates the answer. When the conversation outgrows the context its oldest turns are
    /// left out.
    /// </summary>
    /// <param name="text">What the user says.</param>
    /// <param name="options">Sampling and stops.</param>
    /// <param name="handler">Told of each token.</param>
    /// <param name="forgotten">Told how many old turns were left out, when any.</param>
    /// <param name="cancellation">Ends the answer early; what came so far is kept as the answer.</param>
    /// <exception cref="InputException">The turn alone does not fit the context.</exception>
    public GenerationResult Say(
        string text,
        GenerationOptions options,
        GenerationHandler handler,
        Action<int> forgotten,
        CancellationToken cancellation
    )
    {
        _messages.Add(new ChatMessage("user", text));
        try
        {
            var prompt = FittingPrompt(forgotten);
            var answer = new StringBuilder();
            var result = _generator.Run(
                prompt,
                options,
                (in step) =>
                {
                    answer.Append(step.Text);
                    handler(step);
                },
                cancellation
            );
            _messages.Add(new ChatMessage("assistant", answer.ToString().Trim()));
            return result;
        }
        catch (InputException)
        {
            _messages.RemoveAt(_messages.Count - 1);
            throw;
        }
    }

    /// <summary>Writes the turns as a JSON array of messages; an old file is replaced when that is complete.</summary>
    /// <param name="path">The file.</param>
    /// <param name="force">Replaces a file that is no saved conversation.</param>
    /// <exception cref="InputException">The file cannot be written, is one of the model, or is no saved conversation.</exception>
    public void Save(string path, bool force = false)
    {
        var file = OutputFile.At(path);
        file.RequireNoneOf(Inputs);
        file.RequireReplaceable(Objection, force, "/save! FILE");
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
                foreach (var message in AllMessages())
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

    /// <summary>Replaces the conversation by a saved one.</summary>
    /// <exception cref="InputException">The file is not there or holds no messages.</exception>
    public void Load(string json, string path)
    {
        var messages = Parse(json, path);
        Reset();
        System = null;
        if (messages is [{ Role: "system" } system, ..])
        {
            System = system.Content;
            messages.RemoveAt(0);
        }

        _messages.AddRange(messages);
    }

    /// <inheritdoc/>
    public void Dispose() => _sequence.Dispose();

    private static List<ChatMessage> Parse(string json, string path)
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

    private static string? Objection(string path)
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

    private IEnumerable<ChatMessage> AllMessages() =>
        System is null ? _messages : [new ChatMessage("system", System), .. _messages];

    private int[] FittingPrompt(Action<int> forgotten)
    {
        var dropped = 0;
        while (true)
        {
            var prompt = ChatPrompt.Encode(_tokenizer, [.. AllMessages()]);

            // A quarter of the context is left for the answer, where old turns can make room.
            var room =
                _sequence.ContextLength - (_messages.Count > 1 ? _sequence.ContextLength / 4 : 1);
            if (prompt.Length <= room || _messages.Count == 1)
            {
                if (dropped > 0)
                {
                    forgotten(dropped);
                }

                return prompt;
            }

            // A turn of the user and its answer go together.
            var turns = Math.Min(2, _messages.Count - 1);
            _messages.RemoveRange(0, turns);
            dropped += turns;
        }
    }
}
