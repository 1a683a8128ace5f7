namespace Puna.Engine.Decoding;

/// <summary>
/// Changes logits before a token is drawn: a bias, a penalty, a grammar. Its state follows the ids that are chosen, and
/// along a draft it goes forth and back: ids are taken back in the reverse of the order in which they came. Allocates
/// nothing for a token.
/// </summary>
internal interface ILogitProcessor
{
    /// <summary>Forgets everything; what follows is generated behind this prompt.</summary>
    void Begin(ReadOnlySpan<int> prompt) { }

    /// <summary>Changes a row of logits in place; -infinity bans an id.</summary>
    void Apply(Span<float> logits);

    /// <summary>An id was chosen.</summary>
    void Accept(int id) { }

    /// <summary>The id accepted last is taken back.</summary>
    void Retract(int id) { }
}
