using System.Text.Json;

namespace Puna.Engine.Text.Templates;

/// <summary>
/// A model's chat template: a Jinja text that turns a conversation into the prompt the model was trained on. Rendering
/// follows jinja2 as transformers sets it up (trim_blocks, lstrip_blocks, json.dumps as tojson, raise_exception,
/// strftime_now), inside limits, without access to files, the clock or anything of .NET. A parsed template is immutable
/// and may render on several threads at once.
/// </summary>
public sealed class ChatTemplate
{
    private readonly IReadOnlyList<Statement> _body;
    private readonly TemplateLimits _limits;

    private ChatTemplate(IReadOnlyList<Statement> body, TemplateLimits limits)
    {
        _body = body;
        _limits = limits;
    }

    /// <summary>Parses a template.</summary>
    /// <param name="source">The Jinja text.</param>
    /// <param name="limits">What a rendering may use; the default limits if null.</param>
    /// <exception cref="InputException">A syntax error, with its line and what was expected, or a limit.</exception>
    public static ChatTemplate Parse(string source, TemplateLimits? limits = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        limits ??= TemplateLimits.Default;
        if (source.Length > limits.SourceLength)
        {
            throw new InputException(
                $"The chat template has {source.Length} characters, more than the {limits.SourceLength} that are accepted."
            );
        }

        return new ChatTemplate(TemplateParser.Parse(source, limits), limits);
    }

    /// <summary>Renders a plain conversation.</summary>
    /// <param name="messages">The turns, oldest first.</param>
    /// <param name="addGenerationPrompt">Whether the prompt ends where the assistant's answer is to begin.</param>
    /// <param name="bos">The text of the token that begins a sequence: the variable bos_token.</param>
    /// <param name="eos">The text of the token that ends a sequence: the variable eos_token.</param>
    /// <param name="now">What strftime_now shows.</param>
    /// <exception cref="InputException">The template fails, refuses the conversation or exceeds a limit.</exception>
    public string Render(
        IReadOnlyList<ChatMessage> messages,
        bool addGenerationPrompt,
        string bos,
        string eos,
        DateTime now
    )
    {
        ArgumentNullException.ThrowIfNull(messages);
        var items = new List<object>(messages.Count);
        foreach (var message in messages)
        {
            var item = new MapValue();
            item.Set("role", message.Role);
            item.Set("content", message.Content);
            items.Add(item);
        }

        var scope = CreateScope(bos, eos);
        scope.Set("messages", new ListValue(items));
        scope.Set("add_generation_prompt", addGenerationPrompt);
        return Render(scope, now);
    }

    /// <summary>Renders with variables from JSON.</summary>
    /// <param name="variables">
    /// An array of messages, or an object with "messages" and whatever else the template reads ("tools",
    /// "add_generation_prompt", "enable_thinking", ...; "bos_token" and "eos_token" here win over the parameters).
    /// </param>
    /// <param name="now">What strftime_now shows.</param>
    /// <param name="bos">The variable bos_token.</param>
    /// <param name="eos">The variable eos_token.</param>
    /// <exception cref="InputException">The JSON has another form, or the template fails, refuses or exceeds a limit.</exception>
    public string Render(
        JsonElement variables,
        DateTime now,
        string bos = "<s>",
        string eos = "</s>"
    )
    {
        var scope = CreateScope(bos, eos);
        switch (JsonValues.Convert(variables))
        {
            case ListValue messages:
                scope.Set("messages", messages);
                break;
            case MapValue map:
                foreach (var (name, value) in map.Entries)
                {
                    scope.Set((string)name, value);
                }

                break;
            default:
                throw new InputException(
                    $"The variables of a chat template are a JSON {variables.ValueKind.ToString().ToLowerInvariant()}, but an array of messages or an object with \"messages\" is needed."
                );
        }

        return Render(scope, now);
    }

    private static Scope CreateScope(string bos, string eos)
    {
        var scope = new Scope(GlobalFunctions.CreateScope());
        scope.Set("bos_token", bos);
        scope.Set("eos_token", eos);
        scope.Set("add_generation_prompt", false);
        return scope;
    }

    private string Render(Scope variables, DateTime now)
    {
        var context = new RenderContext(_limits, now);
        new StatementEvaluator(context).Run(_body, new Scope(variables));
        return context.Output.ToString();
    }
}
