namespace Puna.Engine.Tests;

public sealed class InputExceptionTests
{
    [Fact]
    public void The_message_is_the_sentence() =>
        Assert.Equal("one sentence", new InputException("one sentence").Message);
}
