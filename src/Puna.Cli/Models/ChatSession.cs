using System.Text;
using Puna.Engine;
using Puna.Engine.Decoding;
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
    private const string User = "user";
    private const string Assistant = "assistant";
    private const string SystemRole = "system";
    private readonly ITokenizer _tokenizer;
    private readonly Sequence _sequence;
    private readonly Generator _generator;
    private readonly bool _special;
    private List<ChatMessage> _messages = [];
    private int _start;
    private ulong _retries;

    /// <summary>Begins an empty conversation.</summary>
    /// <param name="engine">The model.</param>
    /// <param name="system">System text, or null for the template's own.</param>
    /// <param name="special">Whether special tokens that are spelt out in messages are recognised.</param>
    /// <exception cref="InputException">The model has no tokenizer or no chat template, or the system text does not fit.</exception>
    public ChatSession(InferenceEngine engine, string? system, bool special = false)
    {
        _special = special;
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
        Begin(system);
    }

    /// <summary>System text, or null for the template's own.</summary>
    public string? System { get; private set; }

    /// <summary>Files that the model is read from; none of them is ever written.</summary>
    public IReadOnlyList<string> Inputs { get; init; } = [];

    /// <summary>Tokens that the context holds.</summary>
    public int ContextLength => _sequence.ContextLength;

    /// <summary>All turns so far, those that are no longer read included.</summary>
    public IReadOnlyList<ChatMessage> Messages => _messages;

    /// <summary>Forgets all turns.</summary>
    public void Reset() => Replace(System, []);

    /// <summary>Sets the system text (null = the template's own) and forgets all turns.</summary>
    /// <exception cref="InputException">It leaves no room in the context, or the template takes none; nothing is changed.</exception>
    public void Begin(string? system)
    {
        Check(system, []);
        Replace(system, []);
    }

    /// <summary>
    /// Takes a turn of the user and generates the answer. When the conversation outgrows the context its oldest turns are
    /// no longer read. Where no answer comes of it (a refusal, or an end before the first word), nothing has been said.
    /// </summary>
    /// <param name="text">What the user says.</param>
    /// <param name="options">Sampling and stops.</param>
    /// <param name="handler">Told of each token.</param>
    /// <param name="forgotten">Told how many old turns are no longer read, when they become more.</param>
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
        _retries = 0;
        return Answer(
            [.. _messages, new ChatMessage(User, text)],
            options,
            handler,
            forgotten,
            cancellation
        );
    }

    /// <summary>Answers the last turn of the user anew, with other draws: a seed that was given counts up. Otherwise as <see cref="Say"/>.</summary>
    /// <exception cref="InputException">There is no turn of the user.</exception>
    public GenerationResult Retry(
        GenerationOptions options,
        GenerationHandler handler,
        Action<int> forgotten,
        CancellationToken cancellation
    )
    {
        var last = LastQuestion();
        _retries++;
        var sampling = options.Sampling;
        return Answer(
            _messages[..(last + 1)],
            options with
            {
                Sampling = sampling with { Seed = sampling.Seed + _retries },
            },
            handler,
            forgotten,
            cancellation
        );
    }

    /// <summary>Takes back the last turn of the user and what follows it; returns what the user had said.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public string Undo()
    {
        var last = LastQuestion();
        var text = _messages[last].Content;
        _messages.RemoveRange(last, _messages.Count - last);

        // When all that was read is taken back, what came before may be read again.
        _start = _start < last ? _start : 0;
        return text;
    }

    /// <summary>Writes the turns as a JSON array of messages; an old file is replaced when that is complete.</summary>
    /// <param name="path">The file.</param>
    /// <param name="force">Replaces a file that is no saved conversation.</param>
    /// <exception cref="InputException">The file cannot be written, is one of the model, or is no saved conversation.</exception>
    public void Save(string path, bool force = false)
    {
        var file = OutputFile.At(path);
        file.RequireNoneOf(Inputs);
        file.RequireReplaceable(ConversationFile.Objection, force, "/save! FILE");
        ConversationFile.Write(file, WithSystem(System, _messages));
    }

    /// <summary>Replaces the conversation by a saved one.</summary>
    /// <exception cref="InputException">The file holds no messages, or none that can go on here; nothing is changed.</exception>
    public void Load(string json, string path)
    {
        var messages = ConversationFile.Parse(json, path);
        string? system = null;
        if (messages is [{ Role: SystemRole } first, ..])
        {
            system = first.Content;
            messages.RemoveAt(0);
        }

        Check(system, messages);
        Replace(system, messages);
    }

    /// <inheritdoc/>
    public void Dispose() => _sequence.Dispose();

    private static IReadOnlyList<ChatMessage> WithSystem(
        string? system,
        IReadOnlyList<ChatMessage> messages
    ) => system is null ? messages : [new ChatMessage(SystemRole, system), .. messages];

    private GenerationResult Answer(
        List<ChatMessage> messages,
        GenerationOptions options,
        GenerationHandler handler,
        Action<int> forgotten,
        CancellationToken cancellation
    )
    {
        // A quarter of the context is left for the answer, where old turns can make room.
        var reserve = Math.Clamp(
            options.MaximumTokens ?? int.MaxValue,
            1,
            Math.Max(1, ContextLength / 4)
        );
        var fit = ChatFit.Of(
            part => Encode(System, part),
            messages,
            _start,
            ContextLength,
            reserve
        );
        if (fit.Start > _start)
        {
            forgotten(fit.Start - _start);
        }

        var held = _sequence.Ids[.._sequence.Committed].CommonPrefixLength(fit.Prompt);
        var answer = new StringBuilder();
        var result = _generator.Run(
            fit.Prompt,
            options,
            (in step) =>
            {
                answer.Append(step.Text);
                handler(step);
            },
            cancellation
        );
        var text = answer.ToString().Trim();
        if (result.StopReason == StopReason.Cancelled && text.Length == 0)
        {
            _sequence.Truncate(Math.Min(held, _sequence.Committed));
            return result;
        }

        messages.Add(new ChatMessage(Assistant, text));
        (_messages, _start) = (messages, fit.Start);
        return result;
    }

    /// <summary>The one place where messages become ids.</summary>
    private int[] Encode(string? system, IReadOnlyList<ChatMessage> messages) =>
        ChatPrompt.Encode(_tokenizer, WithSystem(system, messages), _special);

    /// <summary>Checks that a conversation can go on: the template takes it, and a message fits behind its system text.</summary>
    private void Check(string? system, IReadOnlyList<ChatMessage> messages)
    {
        var next = new ChatMessage(User, "");
        _ = Encode(system, messages is [.., { Role: User }] ? messages : [.. messages, next]);
        var least = Encode(system, [next]).Length;
        if (least >= ContextLength)
        {
            throw new InputException(
                $"The system text and an empty message make a prompt of {least} tokens, but the context holds {ContextLength} and one must be left for the answer; shorten it or choose a larger --ctx."
            );
        }
    }

    private void Replace(string? system, List<ChatMessage> messages)
    {
        System = system;
        (_messages, _start, _retries) = (messages, 0, 0);
        _sequence.Truncate(0);
    }

    private int LastQuestion()
    {
        var last = _messages.FindLastIndex(message => message.Role == User);
        return last >= 0
            ? last
            : throw new InputException("There is no message yet that could be taken back.");
    }
}
